import type { BrokerId, Message } from '@tailrace/schemas'
import type { ReplyFields, RequestFields, RequestName } from '../../partition/peers.ts'
import { overTheWire } from './over-the-wire.ts'
import type { TestCluster } from './test-cluster.ts'

/** The answer of one broker to a request of another; a rejection stands for a Failure. */
export async function asked<Name extends RequestName>(
  cluster: TestCluster,
  from: BrokerId,
  to: BrokerId,
  name: Name,
  fields: RequestFields<Name>,
  body: Uint8Array = new Uint8Array(),
): Promise<ReplyFields<Name>> {
  const heard = overTheWire(name, { correlation: 0, ...fields } as unknown as Message<Name>)
  const reply = await cluster.broker(to).node.handlers.request(from, name, heard, body)
  return overTheWire(`${name}Reply`, { correlation: 0, ...reply.fields } as never) as unknown as ReplyFields<Name>
}
