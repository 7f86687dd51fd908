/** Words of a call that say nothing, as a variable leaves them that is not set (`explain "$NODE"`). Knows no command. */
import { type Command } from 'commander'

/** What the call names without a value, as its help writes it: `<device>`, `--owner <jid>`. Undefined where each word says something. */
export function emptyWord(command: Command): string | undefined {
  const args = command.processedArgs as readonly unknown[]
  const isEmpty = (value: unknown): boolean => typeof value === 'string' && value.trim() === ''
  const argument = command.registeredArguments.find((_argument, at) => isEmpty(args[at]))
  if (argument !== undefined) return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`
  const given: Readonly<Record<string, unknown>> = command.opts()
  return command.options.find((option) => isEmpty(given[option.attributeName()]))?.flags
}
