using GeoRegistry.FrontDoor.Errors;
using GeoRegistry.Repositories.Writes;
using Microsoft.AspNetCore.Http;

namespace GeoRegistry.FrontDoor.Oci;

/// <summary>Answers that several endpoints share.</summary>
internal static class WriteAnswers
{
    /// <summary>Answers a deletion: 202, or why not.</summary>
    public static Task DeletedAsync(HttpContext http, WriteOutcome outcome)
    {
        if (outcome is WriteOutcome.Refused refused) return ErrorResponse.WriteAsync(http, refused.Errors);
        NameReceipt(http.Response, outcome);
        http.Response.StatusCode = StatusCodes.Status202Accepted;
        http.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    /// <summary>Adds the receipt of a committed write.</summary>
    public static void NameReceipt(HttpResponse response, WriteOutcome outcome)
    {
        if (outcome is WriteOutcome.Committed { Position: { } position })
            response.Headers[HeaderNames.GeoRegistryReceipt] = position.ToString();
    }
}
