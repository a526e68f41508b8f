// What a program costs that Bun made and that does nothing.
export {};
