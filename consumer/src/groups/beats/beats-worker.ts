import { parentPort, workerData } from 'node:worker_threads'
import { Client, type ClientOptions, withResolvers } from '@tailrace/client'
import { TailraceError } from '@tailrace/schemas'
import { Beater } from './beater.ts'
import { monotonicMs } from './monotonic.ts'
import { Pulse } from './pulse.ts'
import type { WorkerData, WorkerNote, WorkerOrder } from './worker-messages.ts'

// The thread that keeps a member in its group while the program's own thread is busy: with a connection of its own.
const port = parentPort!
const { memory, settings, options, asksForTokens } = workerData as WorkerData
const asked = new Map<number, PromiseWithResolvers<string>>()
const send = (note: WorkerNote): void => port.postMessage(note)

function askForToken(): Promise<string> {
  const id = asked.size === 0 ? 1 : Math.max(...asked.keys()) + 1
  const answer = withResolvers<string>()
  asked.set(id, answer)
  send({ kind: 'token', id })
  return answer.promise
}

const own: ClientOptions = asksForTokens ? { ...options, credentials: { token: askForToken } } : options
const client = new Client(own)
const beater = new Beater({ client, pulse: new Pulse(memory), now: monotonicMs }, settings, {
  told: (told) => send({ kind: 'told', told }),
  lost: (reason, generation) => send({ kind: 'lost', reason, generation }),
  gaveUp: (lease) => send({ kind: 'gaveUp', lease }),
  stuck: (record) => send({ kind: 'stuck', record }),
  failed: (error) => send({ kind: 'failed', error }),
})

async function obey(order: WorkerOrder): Promise<void> {
  if (order.kind === 'release') beater.release(order.partition, order.token)
  else if (order.kind === 'returned') beater.returned(order.lease)
  else if (order.kind === 'hurry') beater.hurry()
  else if (order.kind === 'rejoin') beater.rejoin()
  else if (order.kind === 'token') answered(order)
  else {
    if (order.kind === 'leave') await beater.leave()
    beater.close()
    client.close()
    send({ kind: 'left' })
    port.close()
  }
}

function answered({ id, token, error }: Extract<WorkerOrder, { kind: 'token' }>): void {
  const answer = asked.get(id)
  asked.delete(id)
  if (token !== undefined) answer?.resolve(token)
  else answer?.reject(new TailraceError('AUTHENTICATION_FAILED', error))
}

// An error that nobody has caught ends this thread, and with it its connections.
process.on('exit', () => beater.disconnected())
port.on('message', (order: WorkerOrder) => void obey(order))
send({ kind: 'ready' })
