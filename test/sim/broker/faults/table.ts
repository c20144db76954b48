import { cascadeFaults } from './cascades.ts'
import { clocks } from './clocks.ts'
import { crashes } from './crashes.ts'
import { deletions } from './deletions.ts'
import { disks } from './disks.ts'
import type { FaultClass } from './fault.ts'
import { links } from './links.ts'
import { machines } from './machines.ts'
import { members } from './members.ts'
import { prefixes } from './prefixes.ts'
import { releases } from './releases.ts'
import { laterRot, lostTails, rot } from './rot.ts'
import { securityChanges } from './security.ts'
import { upkeepFaults } from './upkeep.ts'

/**
 * All kinds of faults. A new theme is a file beside this one and a line here, at the end: the earlier choices of seeds
 * stay unchanged.
 */
export const faultClasses: readonly FaultClass[] = [
  ...crashes,
  ...links,
  ...disks,
  ...rot,
  ...clocks,
  ...members,
  ...prefixes,
  ...machines,
  ...laterRot,
  ...lostTails,
  ...releases,
  ...securityChanges,
  ...deletions,
  ...cascadeFaults,
  ...upkeepFaults,
]
