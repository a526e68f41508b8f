/** What an import `with { type: "file" }` gives: a path that this process can read. */
declare module "*.so" {
  const path: string;
  // biome-ignore lint/style/noDefaultExport: that is how Bun's file imports come
  export default path;
}
