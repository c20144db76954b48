import { errorTold, TailraceError, toldErrorIn } from '@tailrace/schemas'
import { sendHttp } from '#http'
import type { Credentials } from './credentials.ts'
import type { ClientTls } from './socket/socket.ts'
import type { ClientSurroundings } from './surroundings.ts'

const TIMEOUT_MS = 10_000

export interface NewTopic {
  readonly name: string
  readonly partitions: number
  readonly replicas: number
}

export interface Asking {
  /** ws:// or wss:// */
  readonly address: string
  readonly credentials: Credentials | undefined
  readonly clientId: string | undefined
  readonly tls: ClientTls | undefined
  readonly surroundings: ClientSurroundings
}

/**
 * Creates a topic, if there is none of its name, over HTTP by the same port as everything else. One attempt.
 * @throws TailraceError what the broker answers: AUTHORIZATION_FAILED, INVALID_REPLICATION; CONNECTION_LOST;
 * AUTHENTICATION_FAILED: the credential is a password, which does not leave the machine without TLS
 */
export async function createTopicAt(
  { address, credentials, clientId, tls, surroundings }: Asking,
  topic: NewTopic,
): Promise<void> {
  const headers = {
    'content-type': 'application/json',
    ...(await authorization(address, credentials)),
    ...(clientId === undefined ? {} : { 'tailrace-client-id': clientId }),
  }
  const url = `${address.replace(/^ws/, 'http')}/topics`
  const body = JSON.stringify(topic)
  const request = { method: 'POST', url, headers, body, timeoutMs: TIMEOUT_MS, tls, surroundings }
  const { status, text } = await sendHttp(request).catch((cause: unknown) => {
    throw new TailraceError('CONNECTION_LOST', `${address}.`, { cause })
  })
  if (status === 201) return
  const error = refusal(status, text)
  if (error.code !== 'TOPIC_EXISTS') throw error
}

async function authorization(address: string, credentials: Credentials | undefined): Promise<Record<string, string>> {
  if (credentials === undefined) return {}
  if ('token' in credentials) {
    const { token } = credentials
    return { authorization: `Bearer ${typeof token === 'function' ? await token() : token}` }
  }
  const { hostname, protocol } = new URL(address)
  const isSecret = protocol === 'wss:' || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
  if (!isSecret) throw new TailraceError('AUTHENTICATION_FAILED', 'A password goes over TLS only, to create a topic.')
  const bytes = new TextEncoder().encode(`${credentials.username}:${credentials.password}`)
  return { authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` }
}

function refusal(status: number, text: string): TailraceError {
  try {
    const told = toldErrorIn(JSON.parse(text))
    if (told !== undefined) return errorTold(told)
  } catch {
    // Another program than a broker answers.
  }
  return new TailraceError('INTERNAL', `A request for a topic was answered with status ${status}.`)
}
