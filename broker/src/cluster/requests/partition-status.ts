import type { GroupId } from '@tailrace/schemas'
import { isBrokerSet, isNatural } from '../metadata/commands/command-checks.ts'
import { onGroup } from './asked-for.ts'
import type { RequestHandler } from './request.ts'
import { withoutBody } from './request.ts'

export const partitionStatus: RequestHandler<'PartitionStatus'> = {
  check: ({ groups }) => isGroupSet(groups),
  needs: ({ groups }, state) => groups.map((group) => onGroup('describe', group, state)),
  checkReply: ({ partitions }) =>
    isGroupSet(partitions.map(({ group }) => group)) &&
    partitions.every(({ term, inSync, logStart, highWatermark }) => {
      return [term, logStart, highWatermark].every(isNatural) && isBrokerSet(inSync)
    }),
  async answer({ status }, _from, { groups }) {
    const figures = await status.ledHere(groups)
    return withoutBody({ partitions: figures.map((some) => ({ ...some, inSync: [...some.inSync] })) })
  },
}

function isGroupSet(groups: readonly GroupId[]): boolean {
  return groups.every(isNatural) && new Set(groups).size === groups.length
}
