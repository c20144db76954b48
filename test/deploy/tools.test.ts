import { expect, it } from 'vitest'
import { judge, lacks } from './tools.ts'

it('a program that no folder of PATH has is lacking', () => {
  expect(lacks('sh')).toBe(false)
  expect(lacks('no-such-program')).toBe(true)
  expect(lacks('sh', {})).toBe(true)
})

it('in CI a tool that .ci/run installs may not be lacking', () => {
  expect(() => lacks('systemd-analyze', { CI: 'true' })).toThrow('.ci/run installs it')
  expect(lacks('no-such-program', { CI: 'true' })).toBe(true)
})

it('has what a tool said, and its exit code', () => {
  expect(judge('sh', ['-c', 'cat; echo wrong >&2; exit 3'], { input: 'read\n' })).toEqual({
    code: 3,
    said: 'read\nwrong\n',
  })
})
