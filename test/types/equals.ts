/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters -- the compiler compares the functions by them */

/** Whether the two types are the same, also in what is optional, readonly and `any`. */
export type Equals<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles where it is given `true`: `check<Equals<typeof value, string>>()`. */
export declare function check<T extends true>(): T;

check<Equals<string[], string[]>>();
// @ts-expect-error they are not the same
check<Equals<string, number>>();
// @ts-expect-error they are not the same
check<Equals<string, string | undefined>>();
// @ts-expect-error they are not the same
check<Equals<{ a: string }, { readonly a: string }>>();
// @ts-expect-error they are not the same
check<Equals<{ a?: string }, { a: string | undefined }>>();
// @ts-expect-error they are not the same
check<Equals<string, any>>(); // eslint-disable-line @typescript-eslint/no-explicit-any
