// OpenTelemetry's SDK for JavaScript as a program. One argument, JSON: {"way": "http/json" | "http/protobuf" | "grpc", "url",
// "compression": "none" | "gzip", "load": false | true}. Without load it emits one record of every kind of value. With it, records
// "number N" until standard input ends. It prints, as JSON, how many were emitted and the bodies of those that the exporter was
// told are stored.
import { createRequire } from 'node:module';

const require = createRequire(process.env.STELE_SOURCE_DIR + '/build/node/');
const { SeverityNumber } = require('@opentelemetry/api-logs');
const { resourceFromAttributes } = require('@opentelemetry/resources');
const { BatchLogRecordProcessor, LoggerProvider } = require('@opentelemetry/sdk-logs');

const EXPORTERS = { 'http/json': 'http', 'http/protobuf': 'proto', grpc: 'grpc' };
const given = JSON.parse(process.argv[2]);
const { OTLPLogExporter } = require('@opentelemetry/exporter-logs-otlp-' + EXPORTERS[given.way]);
// The exporter over gRPC knows compressions by number.
const compression = given.way === 'grpc' ? { none: 0, gzip: 1 }[given.compression] : given.compression;
const exporter = new OTLPLogExporter({ url: given.url, compression, timeoutMillis: 60_000 });

const told = [];
const exportLogs = exporter.export.bind(exporter);
exporter.export = (records, done) =>
  exportLogs(records, (result) => {
    if (result.code === 0) told.push(...records.map((record) => record.body));
    done(result);
  });

const provider = new LoggerProvider({
  resource: resourceFromAttributes({ 'service.name': 'shop-js', 'host.name': 'web-1' }),
  processors: [
    new BatchLogRecordProcessor({
      exporter, maxExportBatchSize: 100, maxQueueSize: 100_000, scheduledDelayMillis: 50, exportTimeoutMillis: 60_000,
    }),
  ],
});
const logger = provider.getLogger('shop.checkout', '1.2.0');

let sent = 0;
if (given.load) {
  let open = true;
  process.stdin.on('end', () => { open = false; }).resume();
  while (open) {
    logger.emit({ body: 'number ' + sent++ });
    if (sent % 5 === 0) await new Promise((resolve) => { setTimeout(resolve, 2); });
  }
} else {
  logger.emit({
    timestamp: [1763913599, 998000001], severityNumber: SeverityNumber.WARN, severityText: 'WARN', body: 'exported',
    eventName: 'customer.export',
    attributes: {
      'enduser.id': 'u_42', 'user.email': 'ada@example.com', 'client.address': '203.0.113.9', rows: 4200, ratio: 0.5, ok: true,
      tags: ['a', 'b'], 'event.outcome': 'success', 'session.id': 's1', bytes: new Uint8Array([255, 0]), nested: { $ref: 'x' },
      large: 9007199254740991,
    },
  });
  logger.emit({ severityNumber: SeverityNumber.ERROR, body: { text: 'a map', list: [1, null] } });
  sent = 2;
}
await provider.shutdown();
console.log(JSON.stringify({ sent, told }));
