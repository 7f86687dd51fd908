/** `xmpp-push completion`: what a shell is to offer, made from the commands themselves. Knows no command by name. */
import { type Command } from 'commander'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

interface Offer {
  /** The words before it: `devices`. */
  readonly path: string
  readonly words: readonly string[]
}

function offersOf(command: Command, path: readonly string[] = []): readonly Offer[] {
  const { options } = command
  const commands = command.commands.filter((each) => command.createHelp().visibleCommands(command).includes(each))
  const flags = options.flatMap(({ long }) => long ?? [])
  const words = [...commands.map((each) => each.name()), ...flags, '--help']
  return [{ path: path.join(' '), words }, ...commands.flatMap((each) => offersOf(each, [...path, each.name()]))]
}

const bash = (offers: readonly Offer[]): string => `_xmpp_push() {
  local path="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) break ;; *) path="\${path:+$path }$word" ;; esac
  done
  local words=""
  case "$path" in
${offers.map(({ path, words }) => `    "${path}") words="${words.join(' ')}" ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _xmpp_push xmpp-push
`

const fish = (offers: readonly Offer[]): string =>
  offers
    .map(({ path, words }) => {
      const seen = path === '' ? '__fish_use_subcommand' : `string match -q -- '*xmpp-push ${path} *' (commandline -cp)`
      return `complete -c xmpp-push -n "${seen}" -a "${words.join(' ')}"\n`
    })
    .join('')

/** The script that a shell is to read. */
export function completion(shell: Shell, program: Command): string {
  const offers = offersOf(program)
  if (shell === 'fish') return fish(offers)
  return shell === 'bash' ? bash(offers) : `autoload -U +X bashcompinit && bashcompinit\n${bash(offers)}`
}
