using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace GeoRegistry.Server.Tests.PowerLoss;

/// <summary>
/// One system call of a traced process, as strace wrote it down: every string in hexadecimal, every descriptor with its
/// path.
/// </summary>
internal sealed partial class SystemCall
{
    private string _text;
    private IReadOnlyList<string>? _arguments;

    /// <param name="name">The call's name.</param>
    /// <param name="text">Its arguments as far as they were known when it began.</param>
    public SystemCall(string name, string text) => (Name, _text) = (name, text);

    public string Name { get; }

    /// <summary>What it returned; null while it runs, and for one that never returned.</summary>
    public long? Result { get; private set; }

    /// <summary>Whether it returned and did not fail.</summary>
    public bool Succeeded => Result >= 0;

    public IReadOnlyList<string> Arguments => _arguments ??= Split(_text);

    /// <summary>The bytes that were passed, of all buffers together.</summary>
    public byte[] Data()
    {
        if (_text.Contains("\"...", StringComparison.Ordinal))
            throw new InvalidDataException($"strace cut the bytes of a {Name} short: raise its string limit.");
        var data = new MemoryStream();
        foreach (Match quoted in Quoted().Matches(_text)) data.Write(Bytes(quoted.ValueSpan[1..^1]));
        return data.ToArray();
    }

    public long Number(int argument) => long.Parse(Arguments[argument], CultureInfo.InvariantCulture);

    public bool HasFlag(int argument, string flag) => Arguments.Count > argument && Arguments[argument].Split('|').Contains(flag);

    /// <summary>
    /// What an open descriptor refers to: a path, or <c>socket:[1234]</c>. Null where it refers to nothing that has a
    /// name.
    /// </summary>
    public string? Target(int argument)
    {
        var text = Arguments[argument];
        var begin = text.IndexOf('<', StringComparison.Ordinal);
        return begin < 0 || !text.EndsWith('>') ? null : Encoding.UTF8.GetString(Bytes(text.AsSpan()[(begin + 1)..^1]));
    }

    /// <summary>A path argument, which is relative to the folder of the descriptor before it where there is one.</summary>
    public string Path(int argument, int? folder = null)
    {
        var path = Encoding.UTF8.GetString(Bytes(Arguments[argument].AsSpan().Trim('"')));
        if (System.IO.Path.IsPathRooted(path)) return path;
        return folder is { } at && Target(at) is { } parent
            ? System.IO.Path.Combine(parent, path)
            : throw new InvalidDataException(
                $"The traced process used the relative path '{path}' in {Name}; the recorder does not follow working directories.");
    }

    /// <summary>Takes what strace wrote when the call returned.</summary>
    /// <param name="rest">The arguments that were not known before, and the result.</param>
    public void Return(string rest)
    {
        var end = Ending().Match(rest);
        if (!end.Success) throw new InvalidDataException($"The trace has a {Name} without a result.");
        _text += rest[..end.Index];
        _arguments = null;
        Result = long.TryParse(end.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var number)
            ? number : end.Groups[1].Value == "?" ? null : 0;
    }

    public override string ToString() => $"{Name}({string.Join(", ", Arguments.Select(Readable))}) = {Result}";

    private static string Readable(string argument)
    {
        var text = Escape().Replace(argument, match => $"{(char)Convert.ToByte(match.Groups[1].Value, 16)}");
        return text.Length <= 160 ? text : $"{text[..40]}… ({text.Length} characters)";
    }

    private static byte[] Bytes(ReadOnlySpan<char> text)
    {
        var bytes = new byte[text.Length];
        var count = 0;
        for (var i = 0; i < text.Length; count++)
        {
            var isEscape = text[i] == '\\';
            bytes[count] = isEscape
                ? byte.Parse(text.Slice(i + 2, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
                : (byte)text[i];
            i += isEscape ? 4 : 1;
        }

        return bytes[..count];
    }

    // Commas within structures and arrays part nothing; strings have none, being in hexadecimal.
    private static List<string> Split(string text)
    {
        var arguments = new List<string>();
        var (depth, begin) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is '[' or '{') depth++;
            else if (text[i] is ']' or '}') depth--;
            else if (text[i] == ',' && depth == 0)
            {
                arguments.Add(text[begin..i].Trim());
                begin = i + 1;
            }
        }

        arguments.Add(text[begin..].Trim());
        return arguments;
    }

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\)\s+= (-?\d+(?![\dx])|\?|\S+)")]
    private static partial Regex Ending();

    [GeneratedRegex(@"\\x([0-9a-f]{2})")]
    private static partial Regex Escape();
}
