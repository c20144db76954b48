import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import { type Fixture, startGateway } from '../testing/running-gateway.ts'

let fixture: Fixture
beforeAll(async () => {
  const series = async function* (ofPartitions: boolean) {
    if (ofPartitions) yield 'of_each_partition 1\n'
    yield 'of_the_broker 1\n'
  }
  fixture = await startGateway(nodeClock, nodeRandom, {}, undefined, {}, { series })
})
afterAll(() => fixture.gateway.close())

const linesOf = async (query: string) => {
  const response = await fetch(`${fixture.url}/metrics${query}`)
  const lines = (await response.text()).split('\n').filter((line) => line.startsWith('of_'))
  return [response.status, ...lines]
}

test('the series of each partition are there unless a request leaves them out', async () => {
  const all = [200, 'of_each_partition 1', 'of_the_broker 1']
  expect(await linesOf('')).toEqual(all)
  expect(await linesOf('?partitions=true')).toEqual(all)
  expect(await linesOf('?partitions=false')).toEqual([200, 'of_the_broker 1'])
  expect(await linesOf('?partitions=few')).toEqual([400])
})
