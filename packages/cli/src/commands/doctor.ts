import type { Argv, CommandModule } from 'yargs'
import { type BrokerArguments, withBroker } from './broker-option.ts'
import { type OutputArguments, withOutput } from './output-option.ts'

/** The options of `doctor`, as the command line gives them. */
export interface DoctorArguments extends BrokerArguments, OutputArguments {
  readonly data: string | undefined
}

/** `millrace doctor` */
export const doctorCommand: CommandModule = {
  command: 'doctor',
  describe: 'Look for what is wrong, and say what to do about it',
  builder: (yargs: Argv) =>
    withOutput(withBroker(yargs), { quiet: 'Only what is not well' })
      .option('data', {
        type: 'string',
        requiresArg: true,
        describe: 'Look at the disk under this data directory too',
      })
      .example('$0 doctor', 'one line for each thing looked at; ends with 1 when something is broken')
      .example('$0 doctor --data ./data', 'file system and sync time too'),
  handler: async (args) => {
    const { runDoctor } = await import('../doctor/run-doctor.ts')
    await runDoctor(args as unknown as DoctorArguments)
  },
}
