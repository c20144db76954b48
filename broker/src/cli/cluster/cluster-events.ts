import { logText } from '../../start/logging/log-text.ts'
import { jsonOf } from '../json-text.ts'
import { plural } from '../quantity.ts'
import type { Terminal } from '../terminal.ts'
import type { ChildEnd } from './broker-child.ts'

/** What `tailrace cluster start` tells; with --json a line each, as it is. Times are milliseconds. */
export type ClusterEvent =
  | { readonly event: 'starting'; readonly version: string; readonly pid: number; readonly brokers: number }
  | { readonly event: 'credential'; readonly authentication: string; readonly adminTokenFile: string }
  | ({ readonly event: 'broker-started'; readonly pid: number } & BrokerPlaces)
  | { readonly event: 'ready'; readonly console: string }
  | ({
      readonly event: 'broker-ended'
      readonly broker: number
      readonly pid: number
      readonly log: string
      /** Null: it is not started again. */
      readonly startsAgainInMs: number | null
    } & ChildEnd)
  | { readonly event: 'waiting'; readonly broker: number; readonly reason: string }
  | { readonly event: 'giving-up'; readonly stopping: number }

/** Where a broker of the cluster is reached, and where its data and its log are. */
interface BrokerPlaces {
  readonly broker: number
  readonly http: string
  readonly peer: string
  readonly data: string
  readonly log: string
}

export type TellEvent = (event: ClusterEvent) => void

const ofTrouble: ReadonlySet<ClusterEvent['event']> = new Set(['broker-ended', 'waiting', 'giving-up'])

/** Writes events as text for people or as JSON; those of trouble to standard error. */
export function clusterTeller(json: boolean, terminal: Pick<Terminal, 'print' | 'complain'>): TellEvent {
  return (event) => {
    const line = json ? JSON.stringify(event) : textOf(event)
    if (ofTrouble.has(event.event)) terminal.complain(line)
    else terminal.print(line)
  }
}

function textOf(event: ClusterEvent): string {
  switch (event.event) {
    case 'starting':
      return `tailrace ${event.version}  pid ${event.pid}  starting ${plural(event.brokers, 'broker')}`
    case 'credential':
      return `authentication ${event.authentication}  admin: tailrace … --token-file ${event.adminTokenFile}`
    case 'broker-started': {
      const { broker, pid, http, peer, data, log } = event
      return `broker ${broker}  ${http}  peer ${peer}  pid ${pid}  data ${data}  log ${log}`
    }
    case 'ready':
      return `console  ${event.console}\nready`
    case 'broker-ended':
      return endText(event)
    case 'waiting':
      return `still waiting for broker ${event.broker}: ${event.reason}`
    case 'giving-up':
      return `stopping the other ${plural(event.stopping, 'broker')}: the cluster did not get ready`
  }
}

function endText(event: ClusterEvent & { readonly event: 'broker-ended' }): string {
  const { broker, pid, code, signal, startsAgainInMs, log } = event
  const how =
    signal !== null
      ? `was killed by ${signal}`
      : code === null
        ? 'could not be started'
        : `ended with exit code ${code}`
  const next = startsAgainInMs === null ? 'not starting it again' : `starting it again in ${startsAgainInMs} ms`
  const lines = event.lastLines.flatMap(forPeople).map((line) => `  | ${line}`)
  return [`broker ${broker} (pid ${pid}) ${how}; ${next}. Its log: ${log}`, ...lines].join('\n')
}

/** A line of a broker's log, which may be JSON, or be cut since it was very long. */
function forPeople(line: string): string[] {
  const logged = jsonOf(line)
  return typeof logged === 'object' && logged !== null && 'level' in logged
    ? logText(line).trimEnd().split('\n')
    : [line]
}
