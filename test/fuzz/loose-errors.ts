/** Runs it, and throws its error, or an error that was thrown meanwhile where no code could catch it. */
export async function withoutLooseErrors<Result>(run: () => Promise<Result>): Promise<Result> {
  const loose: unknown[] = []
  const keep = (error: unknown): void => void loose.push(error)
  process.on('unhandledRejection', keep)
  process.on('uncaughtException', keep)
  let result: Result
  try {
    result = await run()
    // A rejection counts as unhandled when the turn is over.
    await new Promise((resolve) => setImmediate(resolve))
  } finally {
    process.off('unhandledRejection', keep)
    process.off('uncaughtException', keep)
  }
  if (loose.length > 0) throw loose[0]
  return result
}
