import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { licencesOf } from './bundle-program.ts'

const modules = fileURLToPath(new URL('../node_modules', import.meta.url))

it('tells the licence of each package once, and none of files that are in no package', () => {
  const files = ['fastify/fastify.js', 'fastify/lib/errors.js', '@fastify/websocket/index.js']
  const text = licencesOf([...files.map((file) => join(modules, file)), 'built/dist/cli/cli.js'])
  expect(text.match(/^\S+ \d\S+, MIT$/gm)).toEqual([
    expect.stringMatching(/^@fastify\/websocket /),
    expect.stringMatching(/^fastify /),
  ])
  expect(text).toContain('Permission is hereby granted')
  expect(licencesOf([relative('', join(modules, 'fastify/fastify.js'))])).toMatch(/^fastify \d/)
})
