import type { Argv, CommandModule } from 'yargs'

/** The options of `completion`, as the command line gives them. */
export interface CompletionArguments {
  readonly shell: string
}

/** `millrace completion bash|zsh|fish` */
export const completionCommand: CommandModule = {
  command: 'completion <shell>',
  describe: 'Print what makes bash, zsh or fish complete commands, flags and topics',
  builder: (yargs: Argv) =>
    yargs
      .positional('shell', { type: 'string', describe: 'bash, zsh or fish' })
      .example('source <($0 completion bash)', 'in ~/.bashrc; the same for zsh in ~/.zshrc')
      .example('$0 completion fish > ~/.config/fish/completions/millrace.fish', 'for fish'),
  handler: async (args) => {
    const { printCompletion } = await import('../completion/print-completion.ts')
    await printCompletion(args as unknown as CompletionArguments)
  },
}
