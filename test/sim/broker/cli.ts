import { type BrokerSeedOptions, runBrokerSeed } from './run-broker-seed.ts'

/** Replays one seed of whole brokers. Exit code 1 on a violation. */
export async function replayBrokers(seed: number, options: BrokerSeedOptions): Promise<number> {
  const { swarm, finding, ...figures } = await runBrokerSeed(seed, options)
  console.log(JSON.stringify(swarm, null, 2))
  console.log(JSON.stringify(figures))
  console.log(finding === null ? 'no violation' : `VIOLATION ${finding.message}`)
  return finding === null ? 0 : 1
}

/** Runs many, and tells how fast. */
export async function runManyBrokers(from: number, seeds: number, options: BrokerSeedOptions): Promise<number> {
  const begin = process.hrtime.bigint()
  const failures = new Map<string, number>()
  const sums = {
    events: 0,
    elections: 0,
    acknowledged: 0,
    shown: 0,
    crashes: 0,
    rots: 0,
    sleeps: 0,
    cuts: 0,
    installs: 0,
    operations: 0,
    rules: 0,
    copied: 0,
    sources: 0,
    levelMoves: 0,
    conditionsMet: 0,
    conditionsUnmet: 0,
    upkeepMoves: 0,
    drains: 0,
    leases: 0,
    commits: 0,
    fenced: 0,
    redelivered: 0,
    declined: 0,
    expired: 0,
  }
  for (let seed = from; seed < from + seeds; seed++) {
    const { finding, ...result } = await runBrokerSeed(seed, options)
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += result[name]
    if (finding === null) continue
    console.log(`seed ${seed}: VIOLATION ${finding.message}`)
    failures.set(finding.property, (failures.get(finding.property) ?? 0) + 1)
  }
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9
  const { events, elections, acknowledged, shown, crashes, rots, sleeps, cuts, installs, operations, rules } = sums
  const { copied, sources, levelMoves, conditionsMet, conditionsUnmet, upkeepMoves, drains } = sums
  const { leases, commits, fenced, redelivered, declined, expired } = sums
  console.log(
    `${seeds} seeds of whole brokers from ${from}: ${events} events in ${seconds.toFixed(1)} s (${Math.round(events / seconds)} events/s), ${elections} elections, ${acknowledged} records acknowledged, ${shown} shown, ${crashes} crashes, ${rots} times rot, ${sleeps} sleeps, ${cuts} prefixes cut, ${installs} states installed, ${operations} operations, ${rules} changes of rules, ${copied} batches copied from ${sources} sources, ${levelMoves} reads that went on at another level, ${conditionsMet} conditions that held, ${conditionsUnmet} that did not, ${upkeepMoves} moves of replicas and leaderships unasked, ${drains} brokers drained, ${leases} leases of consumer groups, ${commits} commits, ${fenced} refused, ${redelivered} delayed records, ${declined} partitions given up by stuck handlers, ${expired} positions expired`,
  )
  for (const [property, times] of failures) console.log(`${property}: ${times} seeds`)
  return failures.size === 0 ? 0 : 1
}
