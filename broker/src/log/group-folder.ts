import type { GroupId } from '@tailrace/schemas'

/** A folder for each incarnation, so that a re-created group never sees its predecessor's files. */
export function folderName(group: GroupId, incarnation: number): string {
  return `${group}-${incarnation}`
}
