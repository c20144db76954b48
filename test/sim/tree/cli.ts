import { runTreeSeed, type TreeOptions } from './run-tree-seed.ts'

/** Runs one tree. Exit code 1 when it breaks a property. */
export async function runTree(seed: number, options: TreeOptions): Promise<number> {
  const { findings, ...figures } = await runTreeSeed(seed, options)
  const { moves, ...aftermath } = figures.aftermath
  const sorted = [...moves].sort((a, b) => a - b)
  const lastMove = sorted.at(-1) ?? null
  const medianMove = sorted[Math.floor(sorted.length / 2)] ?? null
  console.log(JSON.stringify({ ...figures, aftermath: { ...aftermath, medianMove, lastMove } }, null, 2))
  for (const { property, message } of findings) console.log(`VIOLATION ${property}: ${message}`)
  if (findings.length === 0) console.log('no violation')
  return findings.length === 0 ? 0 : 1
}
