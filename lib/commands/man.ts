/** `xmpp-push man`: the man page, from the commands and what their help teaches. Writes the macros of man(7). Knows no command by name. */
import { type Argument, type Command, type Option } from 'commander'
import { lessonOf, usualExits } from './teaching'

/** When a sentence of the page was changed last. */
const DATE = '2026-11-21'

const FILES: readonly (readonly [place: string, what: string])[] = [
  ['/etc/xmpp-push/component.config.json', 'the configuration of the service that the package installs'],
  ['/etc/default/xmpp-push', 'environment variables of that service'],
  ['/var/lib/xmpp-push/xmpp-push.db', 'its store; the key of its contents and the socket for commands lie beside it'],
]

const ENVIRONMENT: readonly (readonly [name: string, what: string])[] = [
  ['XMPP_PUSH_CONFIG', 'the configuration, where --config names none'],
  ['XMPP_PUSH__…', 'single values of the configuration: XMPP_PUSH__STORE__FILE is store.file'],
]

/** What troff would take for an escape, or print as another character than the one that a shell is to get. */
const escapes: Readonly<Record<string, string>> = {
  ...{ '\\': '\\e', '-': '\\-', "'": '\\(aq', '`': '\\(ga', '~': '\\(ti', '^': '\\(ha' },
  ...{ '…': '...', '→': '->' },
}

function plain(text: string): string {
  return text.replace(/[\\\-'`~^…→]/g, (character) => escapes[character] ?? character)
}

const bold = (text: string): string => `\\fB${plain(text)}\\fR`

/** Lines of at most 80 characters; none begins as a macro does. */
function filled(text: string): readonly string[] {
  const rows: string[] = []
  for (const word of text.split(' ')) {
    const row = rows.at(-1)
    if (row === undefined || row.length + 1 + word.length > 80) rows.push(word.replace(/^\./, '\\&.'))
    else rows[rows.length - 1] = `${row} ${word}`
  }
  return rows
}

/** Paragraphs as they stand in a help text, to be filled anew; what is `code` in it is bold. */
function paragraphs(text: string): readonly string[] {
  return text
    .trim()
    .split(/\n\n+/)
    .flatMap((paragraph) => {
      const parts = paragraph.replace(/\n/g, ' ').split('`')
      return ['.PP', ...filled(parts.map((part, at) => (at % 2 === 1 ? bold(part) : plain(part))).join(''))]
    })
}

function item(head: string, text: string): readonly string[] {
  return ['.TP', head, ...filled(plain(text))]
}

function flagsOf({ short, long, flags }: Option): string {
  const value = /[<[].*$/.exec(flags)?.[0]
  const names = [short, long].flatMap((name) => name ?? []).map(bold)
  return names.join(', ') + (value === undefined ? '' : ` ${plain(value)}`)
}

function optionText({ description, argChoices, defaultValue }: Option): string {
  const choices = argChoices === undefined ? '' : ` (${argChoices.join(', ')})`
  return `${description}${choices}${defaultValue === undefined ? '' : ` (default: ${String(defaultValue)})`}`
}

const argumentText = (argument: Argument): string =>
  argument.required ? `<${argument.name()}>` : `[${argument.name()}]`

function synopsisOf(command: Command, path: string): string {
  const its = command.registeredArguments.map(argumentText)
  return [bold(path), ...(command.options.length === 0 ? [] : ['[options]']), ...its.map(plain)].join(' ')
}

function visibleOf(command: Command): readonly Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((each) => each.name() !== 'help')
}

/** Of a command and all below it. */
function section(command: Command, path: string): readonly string[] {
  const lesson = lessonOf(command)
  const below = visibleOf(command)
  return [
    '.SS',
    synopsisOf(command, path),
    ...filled(plain(command.description())),
    ...(lesson === undefined ? [] : paragraphs(lesson.about)),
    ...command.options.flatMap((option) => item(flagsOf(option), optionText(option))),
    ...(lesson === undefined
      ? []
      : [
          ...['.PP', lesson.examples.length === 1 ? 'Example:' : 'Examples:'],
          ...lesson.examples.flatMap(([call, tells]) => item(bold(call), tells)),
          ...(lesson.exits === usualExits
            ? []
            : ['.PP', 'Exit codes:', ...lesson.exits.flatMap(([code, means]) => item(bold(String(code)), means))]),
        ]),
    ...below.flatMap((each) => section(each, `${path} ${each.name()}`)),
  ]
}

/** The page of the whole program, ending with a line end. */
export function manPage(program: Command, version: string): string {
  const name = program.name()
  const [first = '', ...more] = program.description().split('\n\n')
  const page = [
    '.\\" Made by `xmpp-push man` from the help of the commands; not to be edited.',
    `.TH ${name.toUpperCase()} 1 ${DATE} "${name} ${version}" "User Commands"`,
    '.SH NAME',
    `${name} \\- ${plain(first.split(':')[0] ?? '')}`,
    '.SH SYNOPSIS',
    `${bold(name)} <command> [options]`,
    '.SH DESCRIPTION',
    ...[first, ...more].flatMap(paragraphs).slice(1),
    '.SH OPTIONS',
    ...program.options.flatMap((option) => item(flagsOf(option), optionText(option))),
    ...item(bold('-h, --help'), 'print the help of the program, or of the command before it'),
    '.SH COMMANDS',
    ...visibleOf(program).flatMap((each) => section(each, each.name())),
    '.SH EXIT STATUS',
    'Where a command tells nothing else of its own:',
    ...usualExits.flatMap(([code, means]) => item(bold(String(code)), means)),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([variable, what]) => item(bold(variable), what)),
    '.SH FILES',
    ...FILES.flatMap(([place, what]) => item(bold(place), what)),
    '.SH SEE ALSO',
    ...filled(plain('The folder docs of the package: running.md, operating.md, configuration.md, symptoms.md.')),
  ]
  return `${page.join('\n')}\n`
}
