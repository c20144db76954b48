import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { processFigures } from './process-figures.ts'
import { type ThrottleMetrics, throttleMetrics } from './quotas/throttle-metrics.ts'
import {
  latencyBuckets,
  type SentBytes,
  type Transport,
  type TransportMetrics,
  transportMetrics,
} from './transport-metrics.ts'

export type { Transport, TransportMetrics } from './transport-metrics.ts'

export interface GatewayMetrics {
  readonly registry: Registry
  /** WebSockets that have opened, or closed where below 0. */
  connected(change: number): void
  /** WebSockets that are open. */
  webSockets(): number
  /** To all clients and cascade brokers since the start. */
  sent(): SentBytes
  readonly slowReaders: Counter
  readonly handlerFaults: Counter
  readonly throttled: ThrottleMetrics
  readonly transports: Readonly<Record<Transport, TransportMetrics>>
  /** Shows the bytes that clients make the broker hold. */
  watchHeld(held: Readonly<Record<string, { readonly bytes: number }>>): void
  /** `accepted`: how many connections are open, of all kinds. */
  watchConnections(accepted: () => number): void
  request(method: string, route: string, status: number, seconds: number): void
}

/** Registers the gateway's metrics, and those of its own process unless the registry has them. */
export function gatewayMetrics(registry: Registry = new Registry(), hasProcess = true): GatewayMetrics {
  if (hasProcess && registry.getSingleMetric('process_cpu_seconds_total') === undefined) {
    processFigures(registry)
  }
  const registers = [registry]
  const connections = new Gauge({
    name: 'tailrace_websocket_connections',
    help: 'Open WebSocket connections.',
    registers,
  })
  let webSockets = 0
  const requests = new Histogram({
    name: 'tailrace_http_request_duration_seconds',
    help: 'HTTP requests by route and status, from the first header to the last byte of the answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: latencyBuckets,
    registers,
  })
  return {
    registry,
    connected(change) {
      webSockets += change
      connections.set(webSockets)
    },
    webSockets: () => webSockets,
    slowReaders: new Counter({
      name: 'tailrace_websocket_slow_readers_total',
      help: 'WebSocket connections dropped because the client did not read.',
      registers,
    }),
    handlerFaults: new Counter({
      name: 'tailrace_websocket_handler_faults_total',
      help: 'WebSocket connections closed because handling a message failed in the broker.',
      registers,
    }),
    throttled: throttleMetrics(registers),
    ...transportMetrics(registers),
    watchHeld: (held) => heldGauge(held, registers),
    watchConnections: (accepted) => httpGauge(() => accepted() - webSockets, registers),
    request: (method, route, status, seconds) => requests.observe({ method, route, status }, seconds),
  }
}

function heldGauge(held: Readonly<Record<string, { readonly bytes: number }>>, registers: Registry[]): Gauge {
  return new Gauge({
    name: 'tailrace_client_held_bytes',
    help: 'Bytes that clients make the gateway hold: received and not answered, or answered over HTTP and not read.',
    labelNames: ['what'],
    registers,
    collect() {
      for (const [what, { bytes }] of Object.entries(held)) this.set({ what }, bytes)
    },
  })
}

function httpGauge(open: () => number, registers: Registry[]): Gauge {
  return new Gauge({
    name: 'tailrace_http_connections',
    help: 'Open connections of clients that are no WebSocket.',
    registers,
    collect() {
      this.set(Math.max(0, open()))
    },
  })
}
