import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { bundled, licencesOf } from './bundle-program.ts'

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

it('of a program that imports a CommonJS package at run time is refused: it would lose the names of the package', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tailrace-bundle-'))
  const program = join(folder, 'program.mjs')
  try {
    writeFileSync(program, "const { parse } = await import('yaml')\nconsole.log(parse('a: 1'))\n")
    await expect(bundled(program, join(folder, 'made'), modules)).rejects.toThrow(/yaml.*CommonJS/)
    writeFileSync(program, "import { parse } from 'yaml'\nconsole.log(parse('a: 1'))\n")
    await expect(bundled(program, join(folder, 'made'), modules)).resolves.toContainEqual(
      expect.stringMatching(/yaml\/dist\/index\.js$/),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
