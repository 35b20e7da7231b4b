// Symbol.asyncDispose where the platform has it, and what compilers put in its place where it does not (WebKit).

export const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");
