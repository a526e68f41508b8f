/** What an import `with { type: "file" }` gives: a path that this process can read. */
declare module "*.so" {
  const path: string;
  export default path;
}
