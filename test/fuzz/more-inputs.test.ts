import { describeInputs } from './describe-inputs.ts'

// Another seed than that of fuzz.test.ts, so that none of them is the same.
describeInputs(100_000, 2)
