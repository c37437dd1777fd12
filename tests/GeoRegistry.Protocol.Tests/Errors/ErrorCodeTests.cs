using GeoRegistry.Protocol.Errors;

namespace GeoRegistry.Protocol.Tests.Errors;

public sealed class ErrorCodeTests
{
    /// <summary>Source: OCI Distribution Spec v1.1 §Error Codes, code-1 to code-14, with the statuses of its end-points.</summary>
    public static TheoryData<string, int> SpecifiedCodes => new()
    {
        { "BLOB_UNKNOWN", 404 },
        { "BLOB_UPLOAD_INVALID", 400 },
        { "BLOB_UPLOAD_UNKNOWN", 404 },
        { "DIGEST_INVALID", 400 },
        { "MANIFEST_BLOB_UNKNOWN", 404 },
        { "MANIFEST_INVALID", 400 },
        { "MANIFEST_UNKNOWN", 404 },
        { "NAME_INVALID", 400 },
        { "NAME_UNKNOWN", 404 },
        { "SIZE_INVALID", 400 },
        { "UNAUTHORIZED", 401 },
        { "DENIED", 403 },
        { "UNSUPPORTED", 405 },
        { "TOOMANYREQUESTS", 429 },
    };

    [Theory]
    [MemberData(nameof(SpecifiedCodes))]
    public void All_CodeOfTheSpecification_IsARowWithItsStatus(string name, int status)
    {
        var code = Assert.Single(ErrorCode.All, code => code.Name == name);

        Assert.Equal(status, code.Status);
        Assert.NotEmpty(code.Message);
    }

    [Fact]
    public void All_OtherCodes_AreOnlyThoseForFailuresOfTheRegistry()
    {
        var specified = SpecifiedCodes.Select(row => (string)((object[])row)[0]).ToHashSet();

        Assert.Equal([ErrorCode.Unavailable, ErrorCode.Unknown], ErrorCode.All.Where(code => !specified.Contains(code.Name)));
        Assert.Equal((503, 500), (ErrorCode.Unavailable.Status, ErrorCode.Unknown.Status));
    }

    [Fact]
    public void All_Fields_AreAllThere()
    {
        var fields = typeof(ErrorCode).GetFields()
            .Where(field => field.FieldType == typeof(ErrorCode))
            .Select(field => (ErrorCode)field.GetValue(null)!);

        Assert.Equal(fields.OrderBy(code => code.Name), ErrorCode.All.OrderBy(code => code.Name));
    }

    [Fact]
    public void Of_NoMessage_HasTheTablesMessageAndStatusAndNoDetail()
    {
        var error = RegistryError.Of(ErrorCode.NameUnknown);

        Assert.Equal((ErrorCode.NameUnknown.Message, 404), (error.Message, error.Status));
        Assert.Empty(error.Detail);
    }

    [Fact]
    public void Of_MessageDetailAndStatus_AreKept()
    {
        var error = RegistryError.Of(ErrorCode.Denied, "because", ("digest", "d"), ("tag", "t")) with { Status = 412 };

        Assert.Equal(("because", 412), (error.Message, error.Status));
        Assert.Equal(new Dictionary<string, string> { ["digest"] = "d", ["tag"] = "t" }, error.Detail);
    }
}
