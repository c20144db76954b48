import { describeFaults } from './describe-faults.ts'

// Half of what faults.test.ts publishes.
describeFaults(150_000, 2)
