using System.Text.Json.Serialization;
using GeoRegistry.Cli.Maintenance;
using GeoRegistry.Cli.Receipts;
using GeoRegistry.Cli.Regions;
using GeoRegistry.Cli.Replication;
using GeoRegistry.Cli.Repositories;
using GeoRegistry.Cli.Topologies;

namespace GeoRegistry.Cli.Api;

/// <summary>Reads the API's answers; fields that these records lack are ignored.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ErrorReport))]
[JsonSerializable(typeof(ReplicationReport))]
[JsonSerializable(typeof(LagReport))]
[JsonSerializable(typeof(BlobsReport))]
[JsonSerializable(typeof(RetryReport))]
[JsonSerializable(typeof(VerificationReport))]
[JsonSerializable(typeof(ReceiptReport))]
[JsonSerializable(typeof(WhereReport))]
[JsonSerializable(typeof(ResumptionReport))]
[JsonSerializable(typeof(PutReport))]
[JsonSerializable(typeof(BackupReport))]
[JsonSerializable(typeof(RestoreReport))]
[JsonSerializable(typeof(MigrationReport))]
internal sealed partial class ApiJson : JsonSerializerContext;

/// <summary>The body of an error.</summary>
internal sealed record ErrorReport(IReadOnlyList<ErrorEntry>? Errors);

/// <summary>One error: the code that programs match on, and a sentence.</summary>
internal sealed record ErrorEntry(string? Code, string? Message);
