/**
 * Works on all items, at most `most` at a time, and gives the results in their order. After the first failure no other
 * item is begun; it rejects with that failure once those under way have ended.
 */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(items.length)
  let next = 0
  let failure: { readonly error: unknown } | null = null
  const turn = async (): Promise<void> => {
    while (next < items.length && failure === null) {
      const at = next++
      try {
        results[at] = await work(items[at]!)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: most }, turn))
  if (failure !== null) throw (failure as { readonly error: unknown }).error
  return results
}
