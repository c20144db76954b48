import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { TestCluster } from '../testing/index.ts'
import { Client } from './client.ts'
import { type ClientSurroundings, machine } from './surroundings.ts'

/** Hours ahead of the machine, and with connections that are noted. */
function others(): ClientSurroundings & { readonly dialled: string[] } {
  const dialled: string[] = []
  return {
    ...machine,
    monotonic: () => machine.monotonic() + 7_200_000,
    dialled,
    connect(address) {
      dialled.push(address)
      const [host, port] = address.split(':')
      return connect(Number(port), host)
    },
  }
}

test('a client connects through its surroundings, and waits by their time', async () => {
  const cluster = await TestCluster.start({})
  const surroundings = others()
  const waits: number[] = []
  const after: ClientSurroundings['after'] = (ms, call) => {
    waits.push(ms)
    return machine.after(Math.min(ms, 1), call)
  }
  const client = new Client({ servers: cluster.servers, connectTimeoutMs: 1_234, surroundings })
  await client.reach()
  expect(surroundings.dialled).toContain(cluster.servers[0]!.replace('ws://', ''))
  client.close()
  const hasty = new Client({ servers: ['ws://127.0.0.1:1'], surroundings: { ...others(), after } })
  await expect(hasty.topic('t', { timeoutMs: 60 })).rejects.toMatchObject({ code: 'TIMED_OUT' })
  expect(waits.length).toBeGreaterThan(0)
  hasty.close()
  await cluster.close()
})

test('surroundings that lack a function are told of at once', () => {
  const { every: _, ...fewer } = machine
  const wrong = () => new Client({ servers: ['ws://a:1'], surroundings: fewer as never })
  expect(wrong).toThrow('surroundings: they have no function every')
})
