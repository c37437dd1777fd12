namespace GeoRegistry.Repositories.Uploads;

/// <summary>The body of one request to an upload session.</summary>
/// <param name="Body">The bytes, read as they arrive.</param>
/// <param name="Range">The range of the blob that they are said to be, both ends included; null appends at the end.</param>
/// <param name="LengthBytes">Their number, where the request says it.</param>
public readonly record struct UploadChunk(Stream Body, (long First, long Last)? Range, long? LengthBytes);
