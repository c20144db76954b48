/** The most work done in one turn of the event loop, until `done` pieces are done. */
export async function mostInATurn(count: () => number, done: number): Promise<number> {
  let most = 0
  for (let before = 0; before < done; ) {
    await new Promise((resolve) => setImmediate(resolve))
    most = Math.max(most, count() - before)
    before = count()
  }
  return most
}
