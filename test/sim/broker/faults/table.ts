import { clocks } from './clocks.ts'
import { crashes } from './crashes.ts'
import { disks } from './disks.ts'
import type { FaultClass } from './fault.ts'
import { links } from './links.ts'
import { rot } from './rot.ts'

/** All kinds of faults. A new theme is a file beside this one and a line here; seeds of old change with it. */
export const faultClasses: readonly FaultClass[] = [...crashes, ...links, ...disks, ...rot, ...clocks]
