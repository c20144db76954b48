/** Publishes a record, compressed, and reads on until it has come. `own`: what tells it from others. */
const body = (server: string, topic: string, own: string) => `
  const producer = new Producer({ servers: [${server}], compression: 'gzip' })
  await producer.connect()
  await producer.send(${topic}, { key: 'k', value: 'first' })
  await producer.send(${topic}, { key: 'k', value: ${own} })
  await producer.close()
  const consumer = new Consumer({ servers: [${server}] })
  let read = ''
  for await (const { value } of consumer.subscribe(${topic}, { from: 'earliest' })) {
    read = value
    if (value === ${own}) break
  }
  await consumer.close()
`
const ofProcess = body('process.argv[2]', 'process.argv[3]', 'process.argv[4]')

export const moduleProgram = `
  import { Consumer, Producer } from '@tailrace/sdk'
  ${ofProcess}
  console.log('read ' + read)
`

export const requiringProgram = `
  const { Consumer, Producer } = require('@tailrace/sdk')
  async function main() {
    ${ofProcess}
    console.log('read ' + read)
  }
  main()
`

export const page = `
  import { Consumer, Producer } from '@tailrace/sdk'
  const asked = new URLSearchParams(location.search)
  async function main() {
    ${body("asked.get('server')", "asked.get('topic')", "asked.get('own')")}
    document.title = 'read ' + read
  }
  main().catch((error) => { document.title = String(error) })
`

/** Pages that do one of both. A reader imports the part: esbuild's splitting sends a page the other part as well. */
export const readingPage = `
  import { Consumer } from '@tailrace/consumer'
  async function main() {
    const consumer = new Consumer({ servers: [location.host] })
    for await (const { value } of consumer.subscribe('t')) document.title = value
  }
  main()
`
export const publishingPage = `
  import { Producer } from '@tailrace/sdk'
  new Producer({ servers: [location.host] }).send('t', { value: 'v' })
`

/** A route of a Next.js server: what is read, and where the beats of a member of a group come from. */
export const nextRoute = `
  import { Consumer, Producer } from '@tailrace/sdk'
  export const dynamic = 'force-dynamic'
  export async function GET(request) {
    const asked = new URL(request.url).searchParams
    ${body("asked.get('server')", "asked.get('topic')", "asked.get('own')")}
    const member = new Consumer({ servers: [asked.get('server')] })
    const group = member.group(asked.get('own'))
    let beats = ''
    for await (const _ of group.subscribe(asked.get('topic'))) {
      beats = group.heartbeats
      break
    }
    await member.close()
    return new Response('read ' + read + ', beats of a ' + beats)
  }
`
