import { describeFaults } from './describe-faults.ts'

describeFaults(300_000, 5)
