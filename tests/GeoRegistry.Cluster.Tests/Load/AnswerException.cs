namespace GeoRegistry.Cluster.Tests.Load;

/// <summary>A region answered something else than it should.</summary>
internal sealed class AnswerException(Answer answer) : Exception(
    $"{answer.Request} was answered {(int)answer.Status}: {answer.Text[..Math.Min(400, answer.Text.Length)]}")
{
    public Answer Answer => answer;
}
