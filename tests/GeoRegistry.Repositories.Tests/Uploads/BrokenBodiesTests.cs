using GeoRegistry.Repositories.Uploads;

namespace GeoRegistry.Repositories.Tests.Uploads;

public sealed class BrokenBodiesTests
{
    private readonly BrokenBodies _broken = new();

    [Fact]
    public void Candidates_NoBodyFollowed_AreNone()
    {
        _broken.BrokeOff(0);

        Assert.Empty(_broken.Candidates);
    }

    [Fact]
    public void Followed_SeveralBrokeOff_ClosesThoseThatNoneFollowedAndGivesTheNewestFirst()
    {
        _broken.BrokeOff(0);
        _broken.Followed(3);
        _broken.BrokeOff(5);
        _broken.BrokeOff(7);
        _broken.Followed(9);
        _broken.Followed(12);

        Assert.Equal([(7, 9), (5, 9), (0, 3)], _broken.Candidates);
    }

    [Fact]
    public void Followed_NothingHadArrived_LeavesNothingOut()
    {
        _broken.BrokeOff(5);
        _broken.Followed(5);

        Assert.Empty(_broken.Candidates);
    }

    [Fact]
    public void Resumed_SomeWereFollowed_ForgetsTheOthers()
    {
        _broken.BrokeOff(0);
        _broken.Followed(3);
        _broken.BrokeOff(5);
        _broken.Resumed();
        _broken.Followed(9);

        Assert.Equal([(0, 3)], _broken.Candidates);
    }

    [Fact]
    public void TakenBack_ToASize_ForgetsWhatWasAtItAndBeyond()
    {
        _broken.BrokeOff(0);
        _broken.Followed(3);
        _broken.BrokeOff(5);
        _broken.Followed(7);
        _broken.BrokeOff(7);
        _broken.TakenBack(7);

        Assert.Equal([(0, 3)], _broken.Candidates);

        _broken.Followed(8);
        Assert.Equal([(5, 8), (0, 3)], _broken.Candidates);
    }

    [Fact]
    public void BrokeOff_OneRequestRepeatedly_KeepsTheFirstAndTheNewest()
    {
        for (var start = 0; start < 10; start++) _broken.BrokeOff(start);
        _broken.Followed(10);

        Assert.Equal([(9, 10), (8, 10), (7, 10), (0, 10)], _broken.Candidates);
    }

    [Fact]
    public void BrokeOff_ManyThatWereFollowed_KeepsTheNewest()
    {
        for (var start = 0; start < 10; start++)
        {
            _broken.BrokeOff(2 * start);
            _broken.Followed((2 * start) + 1);
        }

        Assert.Equal([(18, 19), (16, 17), (14, 15), (12, 13)], _broken.Candidates);
    }

    [Fact]
    public void BrokeOff_BeforeAnythingArrived_CountsOnce()
    {
        _broken.BrokeOff(0);
        _broken.Followed(3);
        for (var i = 0; i < 10; i++) _broken.BrokeOff(5);
        _broken.Followed(9);

        Assert.Equal([(5, 9), (0, 3)], _broken.Candidates);
    }
}
