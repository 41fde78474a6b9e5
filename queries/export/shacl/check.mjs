// node check.mjs ONTOLOGIES GRAPH.jsonld: holds a graph to the SHACL shapes of the ontologies, a folder of .ttl files, and says what
// violates them. The status is 1 where something does. Advice (warnings and notes) is told and is no violation.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import jsonld from 'jsonld'
import N3 from 'n3'
import { Validator } from 'shacl-engine'
import { targetResolvers, validations } from 'shacl-engine/sparql.js'

const [folder, file] = process.argv.slice(2)
const shapes = new N3.Store()
for (const name of readdirSync(folder).filter(name => name.endsWith('.ttl')).sort()) {
  shapes.addQuads(new N3.Parser({ blankNodePrefix: name.replace(/[^a-z]/g, '') }).parse(readFileSync(join(folder, name), 'utf8')))
}
const none = () => { throw new Error('a context from elsewhere') }
const quads = await jsonld.toRDF(JSON.parse(readFileSync(file, 'utf8')), { format: 'application/n-quads', documentLoader: none })
const data = new N3.Store(new N3.Parser({ format: 'N-Quads' }).parse(quads))
const triples = data.size
data.addQuads(shapes.getQuads()) // which class is one of which is said by the ontologies
const sparql = process.env.CASE53_SPARQL ? { targetResolvers, validations } : {}
const report = await new Validator(shapes, { factory: N3.DataFactory, ...sparql }).validate({ dataset: data })
const told = { Violation: 0, Warning: 0, Info: 0 }
for (const result of report.results) {
  const severity = result.severity.value.split('#')[1]
  if (++told[severity] <= 10) {
    const path = (result.path || []).flatMap(step => (step.predicates || []).map(p => p.value)).join('/')
    console.log(`${severity}: ${result.focusNode?.value} ${path}: ${result.message.map(m => m.value).join(' ')} ${result.constraintComponent?.value}`)
  }
}
console.log(`${triples} triples: ${told.Violation} violations, ${told.Warning} warnings, ${told.Info} notes`)
process.exit(triples === 0 || told.Violation > 0 ? 1 : 0)
