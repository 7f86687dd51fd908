/** `xmpp-push schema`: the JSON Schema of the configuration, as `docs/component.config.schema.json` holds it. */
import { configSchema } from '../config'
import { type ExitCode, type Terminal } from './terminal'

/** The schema as text, two spaces deep, with a line end. */
export function schemaText(): string {
  return `${JSON.stringify(configSchema(), undefined, 2)}\n`
}

export async function schema(terminal: Terminal): Promise<ExitCode> {
  terminal.out(schemaText())
  return 0
}
