using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using GeoRegistry.Server.Configuration;
using GeoRegistry.TestKit;

namespace GeoRegistry.Server.Tests.Configuration;

/// <summary>docs/configuration.md lists every option, with the code's defaults and ranges, and no other.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(SourceTree.Root, "docs", "configuration.md"));

    public static TheoryData<string> Keys => [.. Options().Select(option => option.Key)];

    [Theory]
    [MemberData(nameof(Keys))]
    public void Option_IsInTheReferenceWithItsDefaultAndRange(string key)
    {
        var (_, property, defaultValue) = Options().Single(option => option.Key == key);
        var row = Assert.Single(Lines, line => line.StartsWith($"| `{key}` |", StringComparison.Ordinal));
        var cells = row.Split('|', StringSplitOptions.TrimEntries);
        Assert.Equal(defaultValue is "" ? "none" : $"`{Format(defaultValue)}`", cells[2]);
        if (property.GetCustomAttribute<RangeAttribute>() is { } range)
        {
            var (least, most) = (FormatBound(range.Minimum), FormatBound(range.Maximum));
            Assert.Equal(range.Maximum is double and >= long.MaxValue ? $"`{least}` or more" : $"`{least}` to `{most}`", cells[3]);
        }
    }

    [Fact]
    public void Reference_NamesNoOptionThatIsNotThere()
    {
        var documented = Lines.Select(line => Row().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value);
        Assert.Equal(Options().Select(option => option.Key).Order(), documented.Order());
    }

    private static IEnumerable<(string Key, PropertyInfo Property, object? Default)> Options() =>
        from section in ServerConfiguration.Sections
        let defaults = Activator.CreateInstance(section.Options)
        from property in section.Options.GetProperties()
        where property.CanWrite
        select ($"{section.Section}:{property.Name}", property, property.GetValue(defaults));

    private static string FormatBound(object bound) =>
        Format(bound is string text ? TimeSpan.Parse(text, CultureInfo.InvariantCulture) : bound);

    private static string Format(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;

    [GeneratedRegex(@"^\| `(GeoRegistry:[^`]+)` \|")]
    private static partial Regex Row();
}
