#!/usr/bin/env node
/** argv → one command. Knows the exit codes (0 done, 1 failed and said why, 2 wrong words), and the process that it runs in. */
import './commands/held-back'
import './commands/only-english'
import { CommanderError } from 'commander'
import { systemClock } from './clock'
import { makeProgram } from './commands/program'
import { type ExitCode, type Terminal } from './commands/terminal'

/** Runs one call and resolves to its exit code; writes to the terminal only. Never rejects. */
export async function main(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = 0
  const program = makeProgram(terminal, (ended) => (code = ended))
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    // commander.help: called without a command; the help was printed as the answer
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
    terminal.err(`xmpp-push: an error that should not be: ${why}\n`)
    return 1
  }
}

function onEnter(call: () => void): () => void {
  process.stdin.on('data', call)
  return () => void process.stdin.off('data', call).pause()
}

if (require.main === module) {
  // A reader that closes the pipe early (`| head`) is no error.
  process.stdout.on('error', () => undefined)
  const terminal: Terminal = {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    progress: process.stderr,
    clock: systemClock,
    colour: process.stdout.isTTY && process.stdout.hasColors(),
    ...(process.stdin.isTTY ? { onEnter } : {}),
  }
  void main(process.argv.slice(2), terminal).then((code) => (process.exitCode = code))
}
