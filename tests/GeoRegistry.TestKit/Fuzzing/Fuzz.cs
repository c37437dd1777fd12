using System.Globalization;
using System.Text;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace GeoRegistry.TestKit.Fuzzing;

/// <summary>
/// Runs a reader on mixed-up inputs. A run says its seed, and takes the one of <c>GEOREGISTRY_SEED</c>: the same seed
/// gives the same inputs.
/// </summary>
public static class Fuzz
{
    private const int ShownLength = 500;

    public static int Seed(ITestOutputHelper output)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("GEOREGISTRY_SEED"), CultureInfo.InvariantCulture, out var given)
            ? given : Environment.TickCount;
        output.WriteLine($"GEOREGISTRY_SEED={seed}");
        return seed;
    }

    /// <summary>Gives a reader so many texts.</summary>
    /// <param name="output">Where the seed goes.</param>
    /// <param name="count">How many.</param>
    /// <param name="examples">What they are made from.</param>
    /// <param name="read">Reads one, and checks what it reads; what it throws is a fault.</param>
    public static void Texts(ITestOutputHelper output, int count, IReadOnlyList<string> examples, Action<string> read)
    {
        var mutations = new Mutations(new Random(Seed(output)));
        for (var i = 0; i < count; i++) Try(i, mutations.Text(examples), read, text => Escaped(text));
    }

    /// <summary>Gives a reader so many byte strings; as <see cref="Texts"/>.</summary>
    public static void Bytes(ITestOutputHelper output, int count, IReadOnlyList<byte[]> examples, Action<byte[]> read)
    {
        var mutations = new Mutations(new Random(Seed(output)));
        for (var i = 0; i < count; i++) Try(i, mutations.Bytes(examples), read, Convert.ToHexString);
    }

    /// <summary>A text as a program could have it.</summary>
    public static string Escaped(string text)
    {
        var shown = new StringBuilder();
        foreach (var c in text.Length > ShownLength ? text[..ShownLength] : text)
            shown.Append(c is >= ' ' and < '\u007f' ? c.ToString() : $"\\u{(int)c:x4}");
        return shown.ToString();
    }

    private static void Try<T>(int number, T input, Action<T> read, Func<T, string> show)
    {
        try
        {
            read(input);
        }
        catch (Exception e)
        {
            throw new XunitException($"Input {number} is a fault: {show(input)}\n{e}");
        }
    }
}
