import { expect, test } from 'vitest'
import { EventLoop } from './event-loop.ts'
import { ProcessTime } from './process-time.ts'
import { simulatedClock } from './simulated-clock.ts'

const SECOND = 1_000_000

function process() {
  const loop = new EventLoop()
  const time = new ProcessTime(simulatedClock(loop))
  const fired: string[] = []
  const at = (seconds: number, call: () => void) => void loop.after(seconds * SECOND, call)
  const until = (seconds: number) => {
    let over = false
    at(seconds, () => (over = true))
    return loop.run(2 * seconds * SECOND, () => over)
  }
  const told = (name: string) => () => void fired.push(`${name} at ${time.clock.monotonic()}`)
  return { time, at, until, fired, told }
}

test('what falls due while it stands still fires when it goes on, once each, in order, unless it is cancelled then', async () => {
  const { time, at, until, fired, told } = process()
  const { clock } = time
  clock.every(1_000, told('each second'))
  clock.after(2_500, () => {
    told('first')()
    late.cancel()
  })
  const late = clock.after(2_600, told('cancelled by it'))
  clock.after(2_700, told('last'))
  at(1.5, () => time.suspend())
  at(5.5, () => time.resume())
  await until(6.5)
  const meanwhile = ['each second at 5500', 'first at 5500', 'last at 5500']
  expect(fired).toEqual(['each second at 1000', ...meanwhile, 'each second at 6000'])
})

test('one that has ended does nothing more, also if it stood still', async () => {
  const { time, until, fired, told } = process()
  time.clock.after(1_000, told('after'))
  time.clock.every(1_000, told('every'))
  time.suspend()
  await until(2)
  time.end()
  time.resume()
  time.clock.soon(told('soon'))
  await until(3)
  expect(fired).toEqual([])
})
