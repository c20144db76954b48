import type { CascadeReport } from '@tailrace/schemas'

/** A broker below counts for at least so many bytes a second: where little is published none costs anything. */
const leastBrokerBytes = 1_000_000
/** As many open connections of clients cost as much as a broker below, whatever they read. */
const connectionsOfOne = 100

/** What a source does for clients, in cascade brokers (see `Source.otherLoad`). `below`: that copy from it. */
export function otherLoad(report: CascadeReport, below: number): number {
  const { connections = -1, clientBytesPerSecond = -1, copiedBytesPerSecond = -1 } = report
  const bytes = Math.max(0, clientBytesPerSecond) / Math.max(copiedBytesPerSecond, leastBrokerBytes)
  return bytes + Math.max(0, connections - below) / connectionsOfOne
}
