/** `xmpp-push completion`: what a shell is to offer, made from the commands themselves. Knows no command by name. */
import { type Command, type Option } from 'commander'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** What may follow some words of the call. */
interface Offer {
  /** The commands before it: `devices list`. */
  readonly path: string
  readonly commands: readonly Command[]
  readonly options: readonly Option[]
  /** The words of an argument that has only these. */
  readonly choices: readonly string[]
}

function offersOf(command: Command, path: readonly string[] = []): readonly Offer[] {
  const help = command.createHelp()
  const commands = help.visibleCommands(command)
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? [])
  const offer = { path: path.join(' '), commands, options: help.visibleOptions(command), choices }
  return [offer, ...commands.flatMap((each) => offersOf(each, [...path, each.name()]))]
}

const takesWord = ({ required, optional }: Option): boolean => required || optional
const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join('|')

function bash(offers: readonly Offer[]): string {
  const options = offers.flatMap((offer) => offer.options)
  const takers = [...new Set(options.filter(takesWord).flatMap(({ long, short }) => [long ?? [], short ?? []].flat()))]
  const chosen = options.filter(({ argChoices }) => argChoices !== undefined)
  return `_xmpp_push() {
  local path="" skip="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [ -n "$skip" ]; then skip=""; continue; fi
    case "$word" in ${quoted(takers)}) skip="$word"; continue ;; esac
    case "\${path:+$path }$word" in ${quoted(offers.slice(1).map(({ path }) => path))}) path="\${path:+$path }$word" ;; esac
  done
  case "$skip" in
${chosen.map(({ long, argChoices }) => `    '${long ?? ''}') words='${(argChoices ?? []).join(' ')}' ;;`).join('\n')}
    '') case "$path" in
${offers.map((offer) => `      '${offer.path}') words='${wordsOf(offer).join(' ')}' ;;`).join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _xmpp_push xmpp-push
`
}

function wordsOf({ commands, options, choices }: Offer): readonly string[] {
  return [...commands.map((each) => each.name()), ...choices, ...options.flatMap(({ long }) => long ?? [])]
}

const escaped = (text: string): string => text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")

function fishOf({ path, commands, options, choices }: Offer): readonly string[] {
  const line = `complete -c xmpp-push -n "__xmpp_push_at '${path}'"`
  return [
    ...commands.map((each) => {
      const about = each.summary() === '' ? each.description() : each.summary()
      return `${line} -f -a '${each.name()}' -d '${escaped(about)}'`
    }),
    ...(choices.length === 0 ? [] : [`${line} -f -a '${choices.join(' ')}'`]),
    ...options.map((option) => {
      const { long, short, description, argChoices } = option
      const names = `${short === undefined ? '' : ` -s ${short.slice(1)}`} -l ${(long ?? '').slice(2)}`
      const word = argChoices === undefined ? (takesWord(option) ? ' -r' : '') : ` -x -a '${argChoices.join(' ')}'`
      return `${line}${names}${word} -d '${escaped(description)}'`
    }),
  ]
}

function fish(offers: readonly Offer[]): string {
  return `function __xmpp_push_at
    set -l at ''
    for word in (commandline -opc)[2..-1]
        switch (string trim -- "$at $word")
            case ${offers
              .slice(1)
              .map(({ path }) => `'${path}'`)
              .join(' ')}
                set at (string trim -- "$at $word")
        end
    end
    test "$at" = "$argv[1]"
end
${offers.flatMap(fishOf).join('\n')}
`
}

/** The script that a shell is to read. */
export function completion(shell: Shell, program: Command): string {
  const offers = offersOf(program)
  if (shell === 'fish') return fish(offers)
  return shell === 'bash' ? bash(offers) : `autoload -U +X bashcompinit && bashcompinit\n${bash(offers)}`
}
