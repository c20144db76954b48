interface Resolvers<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T | PromiseLike<T>) => void
  readonly reject: (reason?: unknown) => void
}

/** `Promise.withResolvers`, which Node.js 20 and browsers of 2023 lack. */
export function withResolvers<T>(): Resolvers<T> {
  let resolve: Resolvers<T>['resolve']
  let reject: Resolvers<T>['reject']
  const promise = new Promise<T>((resolved, rejected) => {
    resolve = resolved
    reject = rejected
  })
  return { promise, resolve: resolve!, reject: reject! }
}
