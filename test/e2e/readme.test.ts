import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ClusterProcesses } from './cluster-processes.ts'
import { cleanEnvironment } from './command-line.ts'

/** The README's quick start and its program, as they stand there but for the address of the broker. */

const root = resolve(import.meta.dirname, '../..')
let folder: string
let cluster: ClusterProcesses
let readme: string

beforeAll(async () => {
  await mkdir(join(root, '.tmp'), { recursive: true })
  folder = await mkdtemp(join(root, '.tmp', 'readme-'))
  readme = await readFile(join(root, 'README.md'), 'utf8')
  cluster = await ClusterProcesses.start()
})
afterAll(async () => {
  await cluster?.destroy()
  await rm(folder, { recursive: true, force: true })
})

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, code]) => code!)
}

/** Where the README has the port of a cluster that nobody has configured. */
const atThisCluster = (text: string): string => text.replaceAll(/(localhost|127\.0\.0\.1):8080/g, cluster.http(1))

async function shell(line: string): Promise<{ code: number | null; out: string; err: string }> {
  const environment = cleanEnvironment({ TAILRACE_SERVER: `http://${cluster.http(1)}` })
  const child = spawn('bash', ['-c', line], { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

describe('the README', () => {
  it('begins with a command that starts a cluster, and no other block is left out here', () => {
    const [start, ...rest] = blocks('sh')
    expect(start).toMatch(/^npm install && npm start /)
    expect([rest.length, blocks('ts').length, readme.match(/^```/gm)!.length]).toEqual([1, 1, 6])
  })

  it('publishes its sample and reads it, command by command', async () => {
    const answers = new Map<string, string>()
    for (const line of blocks('sh')[1]!.trim().split('\n')) {
      const { code, out, err } = await shell(atThisCluster(line))
      expect([code, err], line).toEqual([0, expect.not.stringMatching(/warn|error/i)])
      answers.set(line.split(' ').slice(0, 3).join(' '), out)
    }
    const records = answers.get('npx tailrace tail')!.trim().split('\n')
    expect(records).toHaveLength(500)
    const sample = (await readFile(join(root, 'samples/flights.ndjson'), 'utf8')).trim().split('\n')
    expect(records.map((line) => JSON.parse(line).value).sort()).toEqual(sample.sort())
    const published = JSON.parse([...answers].find(([line]) => line.startsWith('curl'))![1])
    expect(published).toMatchObject({ offsets: [{ partition: expect.any(Number), offset: expect.any(Number) }] })
    expect(answers.get('npx tailrace cluster')).toContain('3 of 3 alive')
  })

  it('has a program that publishes and reads', async () => {
    const file = join(folder, 'program.ts')
    await writeFile(file, atThisCluster(blocks('ts')[0]!))
    const program = spawn(process.execPath, [file], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    const lines: string[] = []
    for await (const line of createInterface({ input: program.stdout })) {
      lines.push(line)
      if (/ SFO delayed$/.test(line)) program.kill()
    }
    expect(lines[0]).toMatch(/^on the disks of a majority: partition \d, offset \d+$/)
    expect(lines).toContainEqual(expect.stringMatching(/^\d \d+ SFO delayed$/))
  })
})
